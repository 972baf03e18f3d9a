import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { removed, text } from './properties';

const registryState = (id: string, { region, account }: ResourceContext): ResourceState => ({
  id: `arn:aws:schemas:${region}:${account}:registry/${id}`,
  attributes: { RegistryName: id, RegistryArn: `arn:aws:schemas:${region}:${account}:registry/${id}` },
});

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eventschemas-registry.html */
const registry = resourceType({
  type: 'AWS::EventSchemas::Registry',
  properties: z.strictObject({ RegistryName: text, Description: text.optional() }),
  createOnly: ['RegistryName'],
  async create({ RegistryName, Description }, context) {
    await context.clients.schemas.call('POST', RegistryName, { Description });
    return registryState(RegistryName, context);
  },
  async delete(_id, { RegistryName }, { clients: { schemas } }) {
    await removed(schemas.call('DELETE', RegistryName));
  },
});

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eventschemas-schema.html */
const schema = resourceType({
  type: 'AWS::EventSchemas::Schema',
  properties: z.strictObject({
    RegistryName: text,
    SchemaName: text,
    Type: z.enum(['OpenApi3', 'JSONSchemaDraft4']),
    Content: text,
    Description: text.optional(),
  }),
  createOnly: ['RegistryName', 'SchemaName', 'Type'],
  async create({ RegistryName, SchemaName, ...input }, context) {
    await context.clients.schemas.call('POST', `${RegistryName}/schemas/name/${SchemaName}`, input);
    return schemaState(RegistryName, SchemaName, context);
  },
  async update(_id, { RegistryName, SchemaName, ...input }, _previous, context) {
    await context.clients.schemas.call('PUT', `${RegistryName}/schemas/name/${SchemaName}`, input);
    return schemaState(RegistryName, SchemaName, context);
  },
  async delete(_id, { RegistryName, SchemaName }, { clients: { schemas } }) {
    await removed(schemas.call('DELETE', `${RegistryName}/schemas/name/${SchemaName}`));
  },
});

function schemaState(
  registryName: string,
  name: string,
  { region, account }: ResourceContext,
): ResourceState {
  const arn = `arn:aws:schemas:${region}:${account}:schema/${registryName}/${name}`;
  return { id: arn, attributes: { SchemaName: name, SchemaArn: arn } };
}

/** Schemas of EventBridge, in which the console of Lambda keeps shared test events. */
export const SCHEMA_TYPES = [registry, schema];
