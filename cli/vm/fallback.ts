import { INTAKE_USER } from '../../contract/intake';
import type { Source } from '../aws/sources';

/** Everything by hand: for a machine that may have no program of ours. */
export const fallbackScript = (
  { createFunction, destroyFunction, document }: Source,
  region: string,
): string =>
  `#!/bin/sh
# Hands files in with OpenSSH, tar and the AWS CLI (with its Session Manager plugin) alone:
#   ./push-by-hand.sh /var/log /etc/hosts
# It ends with 0, with 4 when the box refused some of the files (the receipt that it prints names them), else with something else.
# Everything is sent each time; what has not changed is not stored again.
set -eu
[ $# -gt 0 ] || { echo "usage: $0 <path>..." >&2; exit 64; }
export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}
# No password, no terminal: the file of the key goes with the script.
room=$(mktemp -d)
box=
end() {
  code=$?
  trap - EXIT
  if [ -n "$box" ]; then
    aws lambda invoke --function-name '${destroyFunction}' --cli-binary-format raw-in-base64-out \\
      --cli-read-timeout 330 --payload "{\\"instanceId\\": \\"$box\\"}" "$room/ended" >/dev/null ||
      echo "The box $box could not be ended; it ends by itself when its time is up." >&2
  fi
  rm -rf "$room"
  exit "$code"
}
trap end EXIT
trap 'exit 130' INT TERM HUP

aws lambda invoke --function-name '${createFunction}' --cli-binary-format raw-in-base64-out \\
  --cli-read-timeout 330 --payload '{"reason": "push by hand"}' "$room/box" >/dev/null
box=$(sed -n 's/.*"instanceId": *"\\(i-[0-9a-f]*\\)".*/\\1/p' "$room/box")
[ -n "$box" ] || { echo "No box was opened:" >&2; cat "$room/box" >&2; exit 1; }
echo "through $box" >&2
ssh-keygen -q -t ed25519 -N '' -f "$room/key"

# A key is accepted for a minute, and a box installs for a minute or two: try again until SSH answers.
attempt() {
  aws ec2-instance-connect send-ssh-public-key --instance-id "$box" --instance-os-user ${INTAKE_USER} \\
    --ssh-public-key "file://$room/key.pub" >/dev/null 2>"$room/why" || return 255
  tar -cf - -- "$@" | ssh -T -F none -i "$room/key" -o BatchMode=yes -o IdentitiesOnly=yes \\
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \\
    -o "ProxyCommand=aws ssm start-session --target $box --document-name ${document}" \\
    ${INTAKE_USER}@"$box" tar 2>"$room/why"
}
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  code=0
  attempt "$@" || code=$?
  # 255 is SSH's own: the box was not reached, or the line was lost.
  [ "$code" = 255 ] || { cat "$room/why" >&2; exit "$code"; }
  sleep "\${WAIT_SECONDS:-10}"
done
cat "$room/why" >&2
exit 69
`;
