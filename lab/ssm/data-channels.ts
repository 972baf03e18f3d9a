import type { LabContext } from '../context';
import type { Upgrade } from '../endpoint/server';
import { splice } from '../endpoint/splice';
import { sessionsOf } from './sessions';

/** Carries data channels from the lab's one address to the sessions, by AWS's own path: `/v1/data-channel/<session id>?…`. */
export const dataChannels =
  (context: LabContext): Upgrade =>
  (request, socket, head) => {
    const [, sessionId = ''] = /^\/v1\/data-channel\/([^/?]+)/.exec(request.url ?? '') ?? [];
    const streamUrl = sessionsOf(context).streamUrlOf(decodeURIComponent(sessionId));
    if (streamUrl === undefined) return false;
    splice(request, socket, head, streamUrl);
    return true;
  };
