/** Commands that attach a managed policy to a role or a user. */
export const attachCommands = (arn: string): string[] => [
  `aws iam attach-role-policy --role-name <role> --policy-arn ${arn}`,
  `aws iam attach-user-policy --user-name <user> --policy-arn ${arn}`,
];
