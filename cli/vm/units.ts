/** Where the kit puts things on the machine. */
export const PLACES = {
  program: '/usr/local/bin/drawbridge',
  settings: '/etc/drawbridge',
  config: '/etc/drawbridge/push.json',
  awsConfig: '/etc/drawbridge/aws-config',
  /** Below /var/lib: home of the user, with the keys and known hosts for neighbours. */
  state: 'drawbridge-push',
  user: 'drawbridge-push',
} as const;

/** Without a limit V8 lets garbage lie for as long as there is memory. MiB. */
export const VM_NODE_OPTIONS = ['--max-old-space-size=96', '--max-semi-space-size=4'] as const;

/**
 * systemd.exec(5) explains each line. `MemoryDenyWriteExecute` is not among them: Node compiles while it runs. Reading any
 * file, and nothing else of root's power, is what `CAP_DAC_READ_SEARCH` gives (capabilities(7)).
 */
export const SERVICE = `[Unit]
Description=Hand files in through Drawbridge
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
# Exit code 4 (some files were refused or could not be read) counts as a failure, so that somebody looks.
# To have it count as success: SuccessExitStatus=4
ExecStart=${PLACES.program} push --config ${PLACES.config} --json
TimeoutStartSec=12h
User=${PLACES.user}
StateDirectory=${PLACES.state}
StateDirectoryMode=0700
Environment=HOME=/var/lib/${PLACES.state}
Environment=AWS_CONFIG_FILE=${PLACES.awsConfig}
Environment="NODE_OPTIONS=${VM_NODE_OPTIONS.join(' ')}"
Nice=10
IOSchedulingClass=idle
MemoryMax=768M
TasksMax=256

AmbientCapabilities=CAP_DAC_READ_SEARCH
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
NoNewPrivileges=yes
UMask=0077
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`;

/** A machine that was off at the time catches up; many machines do not come at the same moment. */
export const TIMER = `[Unit]
Description=Hand files in through Drawbridge, every night

[Timer]
OnCalendar=*-*-* 02:15:00
RandomizedDelaySec=30min
Persistent=yes

[Install]
WantedBy=timers.target
`;
