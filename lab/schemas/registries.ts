import { z } from 'zod';
import { AwsFault } from '../endpoint/fault';

/** One schema, with the version that counts. */
interface Schema {
  readonly type: string;
  readonly content: string;
  readonly description: string;
  readonly version: number;
}

interface Registry {
  readonly description: string;
  readonly schemas: Map<string, Schema>;
}

/** What a schema is made or changed by. */
export const schemaInput = z.object({
  Type: z.enum(['OpenApi3', 'JSONSchemaDraft4']).optional(),
  Content: z.string().min(1).max(100_000).optional(),
  Description: z.string().max(256).optional(),
});

const NAME = /^[0-9A-Za-z_.@-]{1,385}$/;
const REGISTRY_NAME = /^[0-9A-Za-z_.-]{1,64}$/;

/** What EventBridge demands of the content of an OpenAPI schema, as far as the lab looks. */
const openApi = z.looseObject({
  openapi: z.string().regex(/^3\./),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.looseObject({}),
});

/** Registries of schemas, as EventBridge keeps them; https://docs.aws.amazon.com/eventbridge/latest/schema-reference/ */
export class Registries {
  private readonly known = new Map<string, Registry>();

  create(name: string, description: string): void {
    if (!REGISTRY_NAME.test(name) || /^aws\./i.test(name))
      throw new AwsFault('BadRequestException', `Registry name ${name} is not valid.`);
    if (this.known.has(name))
      throw new AwsFault('ConflictException', `Registry with name ${name} already exists.`, 409);
    this.known.set(name, { description, schemas: new Map() });
  }

  get(name: string): Registry {
    const found = this.known.get(name);
    if (found === undefined)
      throw new AwsFault('NotFoundException', `Registry with name ${name} does not exist.`, 404);
    return found;
  }

  names(): string[] {
    return [...this.known.keys()].sort();
  }

  /** Its schemas go with it. */
  delete(name: string): void {
    this.get(name);
    this.known.delete(name);
  }

  createSchema(registry: string, name: string, input: z.output<typeof schemaInput>): Schema {
    const { schemas } = this.get(registry);
    if (!NAME.test(name)) throw new AwsFault('BadRequestException', `Schema name ${name} is not valid.`);
    if (schemas.has(name))
      throw new AwsFault('ConflictException', `Schema with name ${name} already exists.`, 409);
    const { Type: type, Content: content, Description: description = '' } = input;
    if (type === undefined || content === undefined)
      throw new AwsFault('BadRequestException', 'Type and Content are required.');
    return this.keep(schemas, name, { type, content, description, version: 1 });
  }

  updateSchema(registry: string, name: string, input: z.output<typeof schemaInput>): Schema {
    const before = this.schema(registry, name);
    const { Content: content = before.content, Description: description = before.description } = input;
    const version = content === before.content ? before.version : before.version + 1;
    return this.keep(this.get(registry).schemas, name, { ...before, content, description, version });
  }

  schema(registry: string, name: string): Schema {
    const found = this.get(registry).schemas.get(name);
    if (found === undefined)
      throw new AwsFault('NotFoundException', `Schema with name ${name} does not exist.`, 404);
    return found;
  }

  deleteSchema(registry: string, name: string): void {
    this.schema(registry, name);
    this.get(registry).schemas.delete(name);
  }

  private keep(schemas: Map<string, Schema>, name: string, schema: Schema): Schema {
    if (schema.type === 'OpenApi3' && !openApi.safeParse(parsed(schema.content)).success)
      throw new AwsFault('BadRequestException', `Content of ${name} is no OpenAPI document.`);
    schemas.set(name, schema);
    return schema;
  }
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
