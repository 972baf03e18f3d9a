import { TemplateError } from './values';

interface Block {
  readonly bits: 32 | 128;
  readonly address: bigint;
  readonly prefix: number;
}

function parseIpv6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const groups = (part: string | undefined): string[] =>
    part === undefined || part === '' ? [] : part.split(':');
  const left = groups(head);
  const right = groups(tail);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return all.reduce((value, group) => (value << 16n) + BigInt(`0x${group}`), 0n);
}

function parse(text: string): Block {
  const [address = '', prefix] = text.split('/');
  if (prefix === undefined || !/^\d+$/.test(prefix))
    throw new TemplateError(`Fn::Cidr needs a block such as 10.0.0.0/16, not ${text}.`);
  if (address.includes(':')) return { bits: 128, address: parseIpv6(address), prefix: Number(prefix) };
  const value = address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  return { bits: 32, address: value, prefix: Number(prefix) };
}

function format(bits: 32 | 128, address: bigint): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  // The URL parser writes IPv6 addresses in their canonical short form.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/**
 * `Fn::Cidr`: `count` blocks of `size` host bits inside a block.
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
 */
export function cidr(block: string, count: number, size: number): string[] {
  const { bits, address, prefix } = parse(block);
  const inner = bits - size;
  if (inner < prefix || 2 ** (inner - prefix) < count)
    throw new TemplateError(`Fn::Cidr: ${block} has no room for ${count} blocks of ${size} bits.`);
  const base = (address >> BigInt(bits - prefix)) << BigInt(bits - prefix);
  return Array.from(
    { length: count },
    (_, index) => `${format(bits, base + (BigInt(index) << BigInt(size)))}/${inner}`,
  );
}
