import { z } from 'zod';
import { FUNCTION_ENVIRONMENT as NAMES } from '../contract/environment';
import { parseOrRefuse } from '../contract/problems';
import { PURPOSES } from '../contract/purposes';

type Variables = Readonly<Record<string, string | undefined>>;

const text = z.string('is missing').min(1, 'is empty');
const wholeNumber = text.regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1').transform(Number);
const wholeNumberFrom0 = text.regex(/^\d{1,9}$/, 'must be a whole number from 0').transform(Number);
const list = text.transform((value, problem) => {
  const items = value.split(',').map((item) => item.trim());
  if (items.includes('')) problem.addIssue('must be a comma-separated list without empty items');
  return items;
});
/** Numeric, never `$Latest`: what a deployment tested is what it launches. */
const template = z.strictObject({ launchTemplateId: text, version: text.regex(/^\d+$/, 'must be numeric') });
const templates = text
  .transform((value, problem): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      problem.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(z.partialRecord(z.enum(PURPOSES), template));

/** Launch template of one purpose. */
export type LaunchTemplate = z.infer<typeof template>;

/** Set where `other` is, too. */
const isWith =
  (name: string, other: string) =>
  (read: Readonly<Record<string, unknown>>): boolean =>
    read[other] === undefined || read[name] !== undefined;

const createSchema = z
  .object({
    [NAMES.stackId]: text,
    [NAMES.name]: text,
    [NAMES.launchTemplates]: templates,
    [NAMES.subnetIds]: list,
    [NAMES.instanceTypes]: list,
    [NAMES.ttlMinutes]: wholeNumber,
    [NAMES.maxTtlMinutes]: wholeNumber,
    [NAMES.maxBoxes]: wholeNumber,
    /** Both, where there is a database whose address create tells. */
    [NAMES.databaseHost]: text.optional(),
    [NAMES.databasePort]: wholeNumber.optional(),
    /** Where sessions have documents of their own; elsewhere commands name those of AWS. */
    [NAMES.shellDocument]: text.optional(),
    [NAMES.connectDocument]: text.optional(),
    /** Only where the boxes are those of an intake source. */
    [NAMES.source]: text.optional(),
    [NAMES.intakeDocument]: text.optional(),
    /** Set by Lambda itself. */
    AWS_REGION: text,
  })
  // Judged whatever else is missing.
  .refine(isWith(NAMES.databaseHost, NAMES.databasePort), {
    path: [NAMES.databaseHost],
    error: 'is missing',
    when: () => true,
  })
  .refine(isWith(NAMES.databasePort, NAMES.databaseHost), {
    path: [NAMES.databasePort],
    error: 'is missing',
    when: () => true,
  })
  .transform((read) => ({
    stackId: read[NAMES.stackId],
    name: read[NAMES.name],
    templates: read[NAMES.launchTemplates],
    subnetIds: read[NAMES.subnetIds],
    instanceTypes: read[NAMES.instanceTypes],
    ttlMinutes: read[NAMES.ttlMinutes],
    maxTtlMinutes: read[NAMES.maxTtlMinutes],
    maxBoxes: read[NAMES.maxBoxes],
    databaseHost: read[NAMES.databaseHost],
    databasePort: read[NAMES.databasePort],
    shellDocument: read[NAMES.shellDocument],
    connectDocument: read[NAMES.connectDocument],
    source: read[NAMES.source],
    intakeDocument: read[NAMES.intakeDocument],
    region: read.AWS_REGION,
  }));
const destroySchema = z
  .object({ [NAMES.stackId]: text, [NAMES.source]: text.optional() })
  .transform((read) => ({ stackId: read[NAMES.stackId], source: read[NAMES.source] }));
const sweepSchema = z
  // Without a bucket there are no uploads to abort.
  .object({ [NAMES.stackId]: text, [NAMES.name]: text, [NAMES.bucket]: text.optional() })
  .transform((read) => ({
    stackId: read[NAMES.stackId],
    name: read[NAMES.name],
    bucket: read[NAMES.bucket],
  }));
const drainSchema = z
  .object({ [NAMES.stackId]: text })
  .transform((read) => ({ stackId: read[NAMES.stackId] }));

const emptySchema = z
  .object({ [NAMES.stackId]: text, [NAMES.bucket]: text })
  .transform((read) => ({ stackId: read[NAMES.stackId], bucket: read[NAMES.bucket] }));
const retainSchema = z
  .object({
    [NAMES.bucket]: text,
    [NAMES.name]: text,
    [NAMES.databases]: list,
    [NAMES.keepDaily]: wholeNumberFrom0,
    [NAMES.keepWeekly]: wholeNumberFrom0,
    [NAMES.keepMonthly]: wholeNumberFrom0,
    [NAMES.keepAtLeast]: wholeNumber,
    [NAMES.lockDays]: wholeNumberFrom0,
  })
  .transform((read) => ({
    bucket: read[NAMES.bucket],
    name: read[NAMES.name],
    databases: read[NAMES.databases],
    keepDaily: read[NAMES.keepDaily],
    keepWeekly: read[NAMES.keepWeekly],
    keepMonthly: read[NAMES.keepMonthly],
    keepAtLeast: read[NAMES.keepAtLeast],
    lockDays: read[NAMES.lockDays],
  }));

/** What the create function is told by its environment. Minutes are whole; lists are tried in order. */
export type CreateEnvironment = Readonly<z.infer<typeof createSchema>>;

const reader =
  <T>(schema: z.ZodType<T>, owner: string) =>
  (variables: Variables): Readonly<T> =>
    Object.freeze(
      parseOrRefuse(schema, variables, `environment of the ${owner} function`, 'what the deployment sets.'),
    );

/** Reads the environment of the create function; throws RefusedInput naming every variable that is wrong. */
export const createEnvironment = reader(createSchema, 'create');
/** The same for the destroy function. */
export const destroyEnvironment = reader(destroySchema, 'destroy');
/** The same for the sweep. */
export const sweepEnvironment = reader(sweepSchema, 'sweep');
/** The same for the drain. */
export const drainEnvironment = reader(drainSchema, 'drain');
/** The same for the emptier. */
export const emptyEnvironment = reader(emptySchema, 'empty');
/** The same for retention. */
export const retainEnvironment = reader(retainSchema, 'retain');
