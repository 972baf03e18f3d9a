import type { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';

/** Ctrl-C, as a terminal in raw mode hands it over. */
const CTRL_C = '\u0003';

/** Does something whenever a key is pressed; nothing where there is no terminal. */
export function onKey(context: Context, key: string, act: () => Promise<void>, cleanup: Cleanup): void {
  const { stdin } = context;
  if (!stdin.isTTY || !context.ui.isInteractive) return;
  const listen = (bytes: Buffer): void => {
    const text = bytes.toString();
    if (text.includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
    else if (text.toLowerCase().includes(key)) void act();
  };
  stdin.setRawMode(true);
  stdin.on('data', listen);
  stdin.resume();
  cleanup.add('give the keyboard back', () => {
    stdin.off('data', listen);
    stdin.setRawMode(false);
    stdin.pause();
    return Promise.resolve();
  });
}
