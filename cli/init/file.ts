import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file of the CDK, of which only `context.drawbridge` is ours. */
export class SettingsFile {
  readonly settings: Json;
  private readonly whole: Json;

  /** @throws Problem when there is no such file or it is none of the CDK's */
  constructor(private readonly path: string) {
    this.whole = readObject(path);
    const context = this.whole.context ?? {};
    const settings = isObject(context) ? (context.drawbridge ?? {}) : context;
    if (!isObject(settings))
      throw new Problem(
        EXIT.usage,
        `In ${path}, "context" and "drawbridge" in it must be objects.`,
        'Correct the file.',
      );
    this.settings = settings;
  }

  /** Puts other settings into the file; whole or not at all. */
  write(settings: Json): void {
    const context = isObject(this.whole.context) ? this.whole.context : {};
    const whole = { ...this.whole, context: { ...context, drawbridge: settings } };
    const room = `${this.path}.${process.pid}.tmp`;
    try {
      writeFileSync(room, `${JSON.stringify(whole, undefined, 2)}\n`);
      renameSync(room, this.path);
    } catch (error) {
      rmSync(room, { force: true });
      throw new Problem(
        EXIT.failed,
        `${this.path} could not be written (${reasonOf(error)}); it is as it was.`,
        'Make it writable, then run the command again.',
      );
    }
  }
}

function readObject(path: string): Json {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Problem(
      EXIT.notFound,
      `${path} cannot be read (${reasonOf(error)}).`,
      'Run this in the folder of the app, or name the file with --file.',
    );
  }
  try {
    const read: unknown = JSON.parse(text);
    if (isObject(read)) return read;
  } catch (error) {
    throw new Problem(
      EXIT.usage,
      `${path} is no JSON (${reasonOf(error)}).`,
      'Correct it, then run the command again.',
    );
  }
  throw new Problem(
    EXIT.usage,
    `${path} must hold a JSON object.`,
    'Correct it, then run the command again.',
  );
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
