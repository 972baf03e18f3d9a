import type { LabContext } from '../context';
import type { AwsCall, AwsReply, Extension } from '../endpoint/extension';
import { jsonReply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { onePerLab } from '../one-per-lab';
import { Registries, schemaInput } from './registries';

const byRegion = onePerLab(() => new Map<string, Registries>());

function label({ input }: AwsCall, name: string): string {
  const value = input[name];
  return typeof value === 'string' ? value : '';
}

const arn = ({ account }: LabContext, { region }: AwsCall, resource: string): string =>
  `arn:aws:schemas:${region}:${account}:${resource}`;

/** Schemas of EventBridge, which the emulator does not have: what the console of Lambda keeps shared test events in. */
export function schemasExtension(context: LabContext): Extension {
  const regions = byRegion(context);
  const of = ({ region }: AwsCall): Registries => {
    const found = regions.get(region) ?? new Registries();
    regions.set(region, found);
    return found;
  };
  const registry = (call: AwsCall, RegistryName = label(call, 'registryName')): object => ({
    RegistryName,
    RegistryArn: arn(context, call, `registry/${RegistryName}`),
    Description: of(call).get(RegistryName).description,
  });
  const schema = (call: AwsCall, SchemaName = label(call, 'schemaName')): object => {
    const name = label(call, 'registryName');
    const { type, content, description, version } = of(call).schema(name, SchemaName);
    return {
      SchemaName,
      SchemaArn: arn(context, call, `schema/${name}/${SchemaName}`),
      SchemaVersion: String(version),
      Type: type,
      Content: content,
      Description: description,
    };
  };
  const answer =
    (act: (call: AwsCall) => object) =>
    (call: AwsCall): Promise<AwsReply> =>
      Promise.resolve(jsonReply(call, act(call)));
  return withFaults(context, {
    service: 'schemas',
    operations: {
      CreateRegistry: answer((call) => {
        of(call).create(label(call, 'registryName'), label(call, 'Description'));
        return registry(call);
      }),
      DescribeRegistry: answer((call) => registry(call)),
      ListRegistries: answer((call) => ({
        Registries: of(call)
          .names()
          .map((name) => registry(call, name)),
      })),
      DeleteRegistry: answer((call) => {
        of(call).delete(label(call, 'registryName'));
        return {};
      }),
      CreateSchema: answer((call) => {
        of(call).createSchema(
          label(call, 'registryName'),
          label(call, 'schemaName'),
          schemaInput.parse(call.input),
        );
        return schema(call);
      }),
      UpdateSchema: answer((call) => {
        of(call).updateSchema(
          label(call, 'registryName'),
          label(call, 'schemaName'),
          schemaInput.parse(call.input),
        );
        return schema(call);
      }),
      DescribeSchema: answer((call) => schema(call)),
      ListSchemas: answer((call) => {
        const { schemas } = of(call).get(label(call, 'registryName'));
        return { Schemas: [...schemas.keys()].sort().map((name) => schema(call, name)) };
      }),
      DeleteSchema: answer((call) => {
        of(call).deleteSchema(label(call, 'registryName'), label(call, 'schemaName'));
        return {};
      }),
    },
  });
}
