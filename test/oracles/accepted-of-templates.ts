import type { Accepted } from './accepted';

/** What the validator inside the CDK says of the template. */
export const ACCEPTED_BY_VALIDATOR: readonly Accepted[] = [
  {
    rules: ['W3005', 'I1022'],
    reason:
      'How the CDK writes templates: dependencies also where a reference implies them, Fn::Join instead of Fn::Sub.',
  },
  {
    rules: ['I4010'],
    reason:
      'A new kind of metadata that describes an architecture to tools. Ours is described in the README, for people.',
  },
  {
    rules: ['I9001'],
    reason:
      'A hint, not an objection: it lists the properties whose change replaces a resource. That nothing stateful is ' +
      'replaced by surprise is tested by itself.',
  },
  {
    rules: ['I9040'],
    reason:
      'CloudFormation itself tags every resource with the name and id of its stack. Our own tag stands on what survives the ' +
      'stack and on what EC2 must tell apart, where it has a meaning.',
  },
];

/** What cfn-lint says of the template, beyond the above. */
export const ACCEPTED_BY_LINTER: readonly Accepted[] = [
  {
    rules: ['W3005', 'I1022'],
    reason: 'As above: how the CDK writes templates.',
  },
  { rules: ['I4010'], reason: 'As above: metadata for tools.' },
];
