import { signStream } from '../../../cli/session/index';

const URL_OF_STREAM =
  'wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/operator-1?role=publish_subscribe';
const keys = (sessionToken?: string) => () =>
  Promise.resolve({
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'not-a-secret',
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });

describe('the request that opens a data channel', () => {
  beforeEach(() => jest.useFakeTimers({ now: Date.UTC(2026, 10, 22, 3, 4, 5) }));
  afterEach(() => jest.useRealTimers());

  it('is signed for the service, the region, the host and the query', async () => {
    const headers = await signStream('eu-west-1', keys())(URL_OF_STREAM);
    expect(Object.keys(headers).sort()).toEqual(['authorization', 'x-amz-date']);
    expect(headers['x-amz-date']).toBe('20261122T030405Z');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/ssmmessages\/aws4_request, SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
    const other = await signStream('eu-west-1', keys())(URL_OF_STREAM.replace('publish_', ''));
    expect(other.authorization).not.toBe(headers.authorization);
  });

  it('carries the token of temporary keys', async () => {
    const headers = await signStream('eu-west-1', keys('a session token'))(URL_OF_STREAM);
    expect(headers['x-amz-security-token']).toBe('a session token');
    expect(headers.authorization).toContain('host;x-amz-date;x-amz-security-token');
  });

  it('is left alone when its URL is signed already', async () => {
    expect(await signStream('eu-west-1', keys())(`${URL_OF_STREAM}&X-Amz-Signature=abc`)).toEqual({});
  });

  it('asks for keys each time, since they expire', async () => {
    let asked = 0;
    const sign = signStream('eu-west-1', () => {
      asked += 1;
      return keys()();
    });
    await sign(URL_OF_STREAM);
    await sign(URL_OF_STREAM);
    expect(asked).toBe(2);
  });
});
