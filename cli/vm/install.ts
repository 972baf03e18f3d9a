import type { Source } from '../aws/sources';
import { PLACES } from './units';

/** How to set the machine up, with the names of this source. */
export const installText = ({
  name,
  policyArn,
}: Source): string => `# A machine that hands files in as ${name}

It needs Node 20.12 or newer, OpenSSH, and the right to be one principal of AWS. It keeps no right on the bucket, the database or
any instance but the boxes that it opens itself.

## 1. A principal with one policy

\`${policyArn}\` is all that it may do; \`policy.json\` is its text, and \`drawbridge policy vm ${name}\`
explains it statement by statement. With \`principal\` in the settings of the source it is attached already; otherwise:

- **IAM Roles Anywhere** (a certificate, and passing credentials): a trust anchor of your authority, a role that
  \`rolesanywhere.amazonaws.com\` may assume, a profile for it; then
  \`aws iam attach-role-policy --role-name <role> --policy-arn ${policyArn}\`.
- **A user with an access key**, where there is no authority: \`aws iam create-user --user-name ${name}-vm\`,
  \`aws iam attach-user-policy --user-name ${name}-vm --policy-arn ${policyArn}\`,
  \`aws iam create-access-key --user-name ${name}-vm\`. Give it no other policy, and change the key every few months.

\`aws-config\` has both; keep the one that you use.

## 2. Files

\`\`\`sh
sudo useradd --system --home-dir /var/lib/${PLACES.state} --shell /usr/sbin/nologin ${PLACES.user}
sudo install -D -m 0755 drawbridge ${PLACES.program}
sudo install -d -m 0750 -o root -g ${PLACES.user} ${PLACES.settings}
sudo install -m 0640 -o root -g ${PLACES.user} push.json aws-config ${PLACES.settings}/
sudo install -m 0644 drawbridge-push.service drawbridge-push.timer /etc/systemd/system/
\`\`\`

\`drawbridge\` is one file: \`drawbridge vm-config ${name} --out <directory>\` writes it beside this one.

## 3. What to hand in

Edit \`${PLACES.config}\`. Besides \`paths\` it takes \`ttlMinutes\`, \`bandwidthKiBps\` and \`channels\` (1 to 4
sessions at a time, for a network that is faster than one session). A path of another machine
of this network has a \`host\`, as for \`ssh\`, and needs nothing there but SSH and \`tar\`:

\`\`\`json
{ "host": "backup@neighbour", "path": "/etc", "as": "neighbour", "exclude": ["**/*.key"] }
\`\`\`

Its key and its known host are those of \`${PLACES.user}\`, below \`/var/lib/${PLACES.state}/.ssh\`:

\`\`\`sh
sudo install -d -m 0700 -o ${PLACES.user} -g ${PLACES.user} /var/lib/${PLACES.state} /var/lib/${PLACES.state}/.ssh
sudo -u ${PLACES.user} ssh-keygen -t ed25519 -N '' -f /var/lib/${PLACES.state}/.ssh/id_ed25519
ssh-keyscan neighbour | sudo -u ${PLACES.user} tee -a /var/lib/${PLACES.state}/.ssh/known_hosts   # compare it with the neighbour's own
\`\`\`

## 4. Try it, then every night

\`\`\`sh
sudo -u ${PLACES.user} AWS_CONFIG_FILE=${PLACES.awsConfig} drawbridge push --dry-run
sudo systemctl daemon-reload
sudo systemctl start drawbridge-push.service && journalctl -u drawbridge-push.service
sudo systemctl enable --now drawbridge-push.timer
\`\`\`

With cron in place of systemd: \`15 2 * * * AWS_CONFIG_FILE=${PLACES.awsConfig} ${PLACES.program} push --json >> /var/log/drawbridge-push.log\`.

| exit code | meaning                                                                            |
| --------- | ---------------------------------------------------------------------------------- |
| 0         | everything is there                                                                |
| 4         | committed, but some files were refused or could not be read; the receipt says which |
| 64        | the configuration is wrong; nothing was begun                                      |
| 69        | AWS, or the box, could not be reached; nothing was committed                       |
| 77, 78    | not allowed; no credentials                                                        |

## Without any program of ours

\`push-by-hand.sh <path>...\` does the same with OpenSSH, \`tar\`, and the AWS CLI with its Session Manager plugin.
`;
