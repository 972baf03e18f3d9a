import XMLBuilder from 'fast-xml-builder';
import { XMLParser } from 'fast-xml-parser';
import type { AwsReply } from '../endpoint/extension';

/** One element of EC2's XML, with its children. */
export interface Element {
  [name: string]: unknown;
}

const OPTIONS = { ignoreAttributes: false, suppressEmptyNode: false } as const;
const parser = new XMLParser({
  ...OPTIONS,
  parseTagValue: false,
  isArray: (name: string) => name === 'item',
  ignoreDeclaration: true,
});
const builder = new XMLBuilder(OPTIONS);

const isElement = (value: unknown): value is Element => typeof value === 'object' && value !== null;

/** The items of a list element such as `instancesSet`; none when it is empty. */
export function itemsOf(parent: Element, list: string): Element[] {
  const found = parent[list];
  const items = isElement(found) ? found.item : undefined;
  return Array.isArray(items) ? items.filter(isElement) : [];
}

/** Text of a child element. */
export const textOf = (parent: Element, name: string): string => {
  const value = parent[name];
  return typeof value === 'string' ? value : '';
};

/** Reads the root element of an answer: its name and what is in it. */
export function readAnswer(reply: AwsReply): { readonly name: string; readonly content: Element } {
  const parsed: unknown = parser.parse(reply.body);
  const [name, content] = Object.entries(isElement(parsed) ? parsed : {})[0] ?? ['', {}];
  return { name, content: isElement(content) ? content : {} };
}

/** Writes an answer back with another content, keeping status and headers. */
export function writeAnswer(reply: AwsReply, name: string, content: Element): AwsReply {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [name]: content })}`);
  return { ...reply, body };
}
