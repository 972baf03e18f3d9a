/** What can be written as XML: an object is elements, an array is a list whose items have one name. */
export type XmlValue =
  | string
  | number
  | boolean
  | Date
  | undefined
  | readonly XmlValue[]
  | { readonly [element: string]: XmlValue }
  | XmlList;

/** A list whose items have a name of their own, for example `DBInstance` in RDS. */
export class XmlList {
  constructor(
    readonly item: string,
    readonly values: readonly XmlValue[],
  ) {}
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');

/**
 * Writes elements without an XML declaration. Undefined members are left out.
 *
 * @param item - name of the items of plain arrays: `member` in query services, `item` in EC2
 */
export function toXml(value: XmlValue, item: string): string {
  if (value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof XmlList) return value.values.map((one) => element(value.item, one, item)).join('');
  if (Array.isArray(value)) return value.map((one: XmlValue) => element(item, one, item)).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, child]: [string, XmlValue]) => element(name, child, item))
      .join('');
  }
  return escape(String(value));
}

function element(name: string, value: XmlValue, item: string): string {
  return value === undefined ? '' : `<${name}>${toXml(value, item)}</${name}>`;
}
