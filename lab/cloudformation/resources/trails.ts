import {
  CreateTrailCommand,
  DeleteTrailCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { bool, removed, text, texts } from './properties';

const fieldSelector = z.strictObject({
  Field: text,
  Equals: texts.optional(),
  NotEquals: texts.optional(),
  StartsWith: texts.optional(),
});

const properties = z.strictObject({
  TrailName: text.optional(),
  S3BucketName: text,
  KMSKeyId: text.optional(),
  IsLogging: bool,
  EnableLogFileValidation: bool.optional(),
  IncludeGlobalServiceEvents: bool.optional(),
  IsMultiRegionTrail: bool.optional(),
  AdvancedEventSelectors: z
    .array(z.strictObject({ Name: text.optional(), FieldSelectors: z.array(fieldSelector) }))
    .optional(),
});
type TrailProperties = z.output<typeof properties>;

/** What the calls that make and change a trail have in common. */
const settingsOf = (trail: TrailProperties) => ({
  S3BucketName: trail.S3BucketName,
  KmsKeyId: trail.KMSKeyId,
  EnableLogFileValidation: trail.EnableLogFileValidation,
  IncludeGlobalServiceEvents: trail.IncludeGlobalServiceEvents,
  IsMultiRegionTrail: trail.IsMultiRegionTrail,
});

async function select(
  Name: string,
  { AdvancedEventSelectors, IsLogging }: TrailProperties,
  { clients: { cloudTrail } }: ResourceContext,
): Promise<void> {
  if (AdvancedEventSelectors !== undefined)
    await cloudTrail.send(new PutEventSelectorsCommand({ TrailName: Name, AdvancedEventSelectors }));
  await cloudTrail.send(IsLogging ? new StartLoggingCommand({ Name }) : new StopLoggingCommand({ Name }));
}

const stateOf = (id: string, { region, account }: ResourceContext): ResourceState => ({
  id,
  attributes: { Arn: `arn:aws:cloudtrail:${region}:${account}:trail/${id}` },
});

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html */
const trail = resourceType({
  type: 'AWS::CloudTrail::Trail',
  properties,
  createOnly: ['TrailName'],
  async create(given, context) {
    const Name = given.TrailName ?? context.name(128);
    await context.clients.cloudTrail.send(new CreateTrailCommand({ Name, ...settingsOf(given) }));
    context.announce(Name);
    await select(Name, given, context);
    return stateOf(Name, context);
  },
  async update(Name, given, _previous, context) {
    await context.clients.cloudTrail.send(new UpdateTrailCommand({ Name, ...settingsOf(given) }));
    await select(Name, given, context);
    return stateOf(Name, context);
  },
  async delete(Name, _properties, { clients: { cloudTrail } }) {
    await removed(cloudTrail.send(new DeleteTrailCommand({ Name })));
  },
});

/** Trails of CloudTrail: kept by the emulator, which delivers nothing. */
export const TRAIL_TYPES = [trail];
