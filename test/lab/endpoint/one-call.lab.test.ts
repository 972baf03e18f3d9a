import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepareEmulator } from '../../../lab/moto';

const LAB = join(__dirname, '..', '..', '..', 'lab');

/** Eight calls of one kind at once, by an application that counts how many it serves at the same time. */
const PROGRAM = `
import sys, threading
sys.path.insert(0, sys.argv[1])
from moto_server import OneCallAtATime

class Application:
    busy = most = 0
    barrier = threading.Barrier(8)
    def __call__(self, environ, start_response):
        self.busy += 1
        self.most = max(self.most, self.busy)
        if environ.get("together"):
            self.barrier.wait(60)
        threading.Event().wait(0.01)
        self.busy -= 1
        return [b""]

for environ in (
    {"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=a/20261122/eu-west-1/iam/aws4_request, Signature=x"},
    {"QUERY_STRING": ""},
    {"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=a/20261122/eu-west-1/s3/aws4_request", "together": "1"},
    {"QUERY_STRING": "X-Amz-Credential=a%2F20261122%2Feu-west-1%2Fs3%2Faws4_request", "together": "1"},
):
    application = Application()
    calls = OneCallAtATime(application)
    threads = [threading.Thread(target=calls, args=(environ, None)) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(application.most)
`;

test('the emulator answers one call at a time, but for objects of S3', async () => {
  const { python } = await prepareEmulator(() => undefined);
  const ended = spawnSync(python, ['-B', '-c', PROGRAM, LAB], { encoding: 'utf8' });
  expect(ended.stderr).toBe('');
  expect(ended.stdout.trim().split('\n')).toEqual(['1', '1', '8', '8']);
});
