import { ask, plainEnvironment } from './program';

/** First line that a program says about its version. */
export async function versionLine(program: string): Promise<string> {
  const text = await ask(program, ['--version'], { environment: plainEnvironment() });
  return (text.split('\n')[0] ?? '').trim();
}
