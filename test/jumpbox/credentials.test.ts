import { patient } from '../../jumpbox/credentials';

const KEYS = { accessKeyId: 'a', secretAccessKey: 'b' };
const none = (): Error => Object.assign(new Error('none'), { name: 'CredentialsProviderError' });

/** A chain that finds nothing so many times. */
function failing(times: number, error = none): { chain: Parameters<typeof patient>[0]; asked: () => number } {
  let asked = 0;
  const chain = () => ((asked += 1) > times ? Promise.resolve(KEYS) : Promise.reject(error()));
  return { chain, asked: () => asked };
}

describe('credentials of a box', () => {
  it('are asked for again when the metadata service did not answer in time', async () => {
    const { chain, asked } = failing(2);
    expect(await patient(chain, [1, 1, 1])()).toEqual(KEYS);
    expect(asked()).toBe(3);
  });

  it('are given up on in the end, with the reason of the SDK', async () => {
    const { chain, asked } = failing(9);
    await expect(patient(chain, [1, 1])()).rejects.toThrow('none');
    expect(asked()).toBe(3);
  });

  it('are not asked for again after anything else', async () => {
    const { chain, asked } = failing(1, () => new Error('broken'));
    await expect(patient(chain, [1])()).rejects.toThrow('broken');
    expect(asked()).toBe(1);
  });
});
