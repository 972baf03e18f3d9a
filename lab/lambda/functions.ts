import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { unzipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { AwsFault } from '../endpoint/fault';

/** Members of CreateFunction, UpdateFunctionCode and UpdateFunctionConfiguration that decide how a function runs. */
const settings = z.object({
  Handler: z.string().optional(),
  Runtime: z.string().optional(),
  Role: z.string().optional(),
  Timeout: z.number().optional(),
  MemorySize: z.number().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).optional() }).optional(),
  LoggingConfig: z
    .object({ LogGroup: z.string().optional(), LogFormat: z.enum(['JSON', 'Text']).optional() })
    .optional(),
});

/** Where the zip of a function's code comes from. */
const code = z.object({
  S3Bucket: z.string().optional(),
  S3Key: z.string().optional(),
  S3ObjectVersion: z.string().optional(),
  ZipFile: z.string().optional(),
});

/** A deployed function, ready to run. */
export interface DeployedFunction {
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  readonly handler: string;
  readonly runtime: string;
  readonly role: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly variables: Readonly<Record<string, string>>;
  /** Undefined: the function's own group, `/aws/lambda/<name>`, which Lambda makes when it is missing. */
  readonly logGroup: string | undefined;
  readonly logFormat: 'JSON' | 'Text';
  /** Directory of the unpacked code. */
  readonly root: string;
}

type Input = Readonly<Record<string, unknown>>;

/** Name of a function given as name, partial ARN or ARN, without the qualifier. */
export function functionName(given: string): string {
  const decoded = decodeURIComponent(given);
  const parts = decoded.split(':');
  const at = parts.indexOf('function');
  return (at === -1 ? parts[0] : parts[at + 1]) ?? decoded;
}

/** The code and settings of the functions that were created through the lab's endpoint. */
export class Functions {
  private readonly known = new Map<string, DeployedFunction>();

  constructor(private readonly context: LabContext) {}

  /** @throws AwsFault `ResourceNotFoundException` */
  get(region: string, given: string): DeployedFunction {
    const name = functionName(given);
    const found = this.known.get(`${region}/${name}`);
    if (found === undefined) {
      const arn = this.arn(region, name);
      throw new AwsFault('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    return found;
  }

  async create(region: string, input: Input): Promise<void> {
    const name = functionName(String(input.FunctionName));
    const root = await this.unpack(region, name, code.parse(input.Code));
    const given = settings.parse(input);
    const runtime = given.Runtime ?? '';
    if (!runtime.startsWith('nodejs')) {
      throw new AwsFault(
        'InvalidParameterValueException',
        `The lab runs Node.js functions only; ${name} asks for the runtime "${runtime}".`,
      );
    }
    this.set({
      name,
      region,
      arn: this.arn(region, name),
      handler: given.Handler ?? '',
      runtime,
      role: given.Role ?? '',
      timeoutSeconds: given.Timeout ?? 3,
      memoryMiB: given.MemorySize ?? 128,
      variables: given.Environment?.Variables ?? {},
      logGroup: given.LoggingConfig?.LogGroup,
      logFormat: given.LoggingConfig?.LogFormat ?? 'Text',
      root,
    });
  }

  async updateCode(region: string, input: Input): Promise<void> {
    const known = this.get(region, String(input.FunctionName));
    this.set({ ...known, root: await this.unpack(region, known.name, code.parse(input)) });
  }

  updateConfiguration(region: string, input: Input): void {
    const known = this.get(region, String(input.FunctionName));
    const given = settings.parse(input);
    this.set({
      ...known,
      handler: given.Handler ?? known.handler,
      runtime: given.Runtime ?? known.runtime,
      role: given.Role ?? known.role,
      timeoutSeconds: given.Timeout ?? known.timeoutSeconds,
      memoryMiB: given.MemorySize ?? known.memoryMiB,
      variables: given.Environment?.Variables ?? known.variables,
      logGroup: given.LoggingConfig?.LogGroup ?? known.logGroup,
      logFormat: given.LoggingConfig?.LogFormat ?? known.logFormat,
    });
  }

  delete(region: string, given: string): void {
    this.known.delete(`${region}/${functionName(given)}`);
  }

  private set(deployed: DeployedFunction): void {
    this.known.set(`${deployed.region}/${deployed.name}`, deployed);
  }

  private arn(region: string, name: string): string {
    return `arn:aws:lambda:${region}:${this.context.account}:function:${name}`;
  }

  private async zip(region: string, source: z.infer<typeof code>): Promise<Uint8Array> {
    if (source.ZipFile !== undefined) return Buffer.from(source.ZipFile, 'base64');
    const s3 = new S3Client({ ...emulatorAccess(this.context, region), forcePathStyle: true });
    try {
      const object = await s3.send(
        new GetObjectCommand({
          Bucket: source.S3Bucket,
          Key: source.S3Key,
          VersionId: source.S3ObjectVersion,
        }),
      );
      if (object.Body === undefined) throw new Error('S3 answered without a body');
      return await object.Body.transformToByteArray();
    } catch (error) {
      const message = `Error occurred while GetObject. S3 Error Message: ${String(error)}`;
      throw new AwsFault('InvalidParameterValueException', message);
    } finally {
      s3.destroy();
    }
  }

  /** Each version of the code has a directory of its own: an invocation under way keeps the files it started with. */
  private async unpack(region: string, name: string, source: z.infer<typeof code>): Promise<string> {
    const zip = await this.zip(region, source);
    const hash = createHash('sha256').update(zip).digest('hex').slice(0, 16);
    const root = join(this.context.directory, 'functions', region, name, hash);
    if (existsSync(root)) return root;
    for (const [path, bytes] of Object.entries(unzipSync(zip))) {
      const target = normalize(join(root, path));
      if (!target.startsWith(`${root}/`) || path.endsWith('/')) continue;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, bytes);
    }
    return root;
  }
}
