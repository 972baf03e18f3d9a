import type { TemplateJson } from '../lib/synth';
import { Concrete } from './concrete';

type Fields = Readonly<Record<string, unknown>>;

/** One permission of a security group. */
interface Rule {
  readonly group: string;
  /** Logical id of a group, or a range of addresses. */
  readonly peer: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

/** A rule that no packet meets, by which the CDK writes "nothing". */
const NOTHING = '255.255.255.255/32';

/** Where a packet to an address outside the VPC would go. */
export interface WayOut {
  readonly subnet: string;
  readonly destination: string;
  readonly target: string;
}

/** What can reach what, computed from security groups, routes and where things stand. */
export class Reachability {
  private readonly concrete: Concrete;

  constructor(private readonly template: TemplateJson) {
    this.concrete = new Concrete(template);
  }

  /** Security groups of the template, by what they are attached to. */
  get groups(): readonly string[] {
    return this.concrete.ids('AWS::EC2::SecurityGroup');
  }

  /** Of the template, or the id of one that exists. */
  private isGroup(peer: string): boolean {
    return this.groups.includes(peer) || peer.startsWith('sg-');
  }

  /** `from → to: protocol port` for every pair of groups of which one lets it out and the other lets it in. */
  betweenGroups(): string[] {
    const into = this.rules('Ingress');
    return this.rules('Egress')
      .filter(({ peer }) => this.isGroup(peer))
      .filter((out) =>
        into.some(
          (rule) =>
            rule.group === out.peer &&
            rule.peer === out.group &&
            rule.protocol === out.protocol &&
            rule.from <= out.from &&
            rule.to >= out.to,
        ),
      )
      .map((rule) => `${this.name(rule.group)} → ${this.name(rule.peer)}: ${portsOf(rule)}`)
      .sort();
  }

  /** Who is let in from addresses rather than from a group. */
  fromAddresses(): string[] {
    return this.rules('Ingress')
      .filter(({ peer }) => !this.isGroup(peer))
      .map((rule) => `${rule.peer} → ${this.name(rule.group)}: ${portsOf(rule)}`);
  }

  /** `group → range: protocol port` for what security groups let out to addresses; {@link waysOut} says where it can go. */
  outOfTheVpc(): string[] {
    return this.rules('Egress')
      .filter(({ peer }) => !this.isGroup(peer) && peer !== NOTHING)
      .map((rule) => `${this.name(rule.group)} → ${rule.peer}: ${portsOf(rule)}`)
      .sort();
  }

  /** Every route that leads out of the VPC, gateway endpoints included, by kind of subnet. */
  waysOut(): WayOut[] {
    const tables = new Map(
      this.of('AWS::EC2::SubnetRouteTableAssociation').map(([, { RouteTableId, SubnetId }]) => [
        this.concrete.text(RouteTableId),
        this.subnetKind(this.concrete.text(SubnetId)),
      ]),
    );
    const kindOf = (table: unknown): string => tables.get(this.concrete.text(table)) ?? 'no subnet';
    const routes = this.of('AWS::EC2::Route').map(([, { RouteTableId, ...route }]) => ({
      subnet: kindOf(RouteTableId),
      destination: String(route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock),
      target: Object.keys(route).find((key) => /Id$/.test(key)) ?? 'nothing',
    }));
    const endpoints = this.endpoints('Gateway').flatMap(([, { RouteTableIds, IpAddressType = 'ipv4' }]) =>
      (RouteTableIds as unknown[]).map((table) => ({
        subnet: kindOf(table),
        destination: `S3 (${String(IpAddressType)})`,
        target: 'VPCEndpoint',
      })),
    );
    const all = [...routes, ...endpoints].map((way) => JSON.stringify(way));
    return [...new Set(all)].sort().map((way) => JSON.parse(way) as WayOut);
  }

  /** `service in subnets behind groups` for every interface endpoint, and whether the service's own name leads to it. */
  interfaceEndpoints(): string[] {
    return this.endpoints('Interface').map(([, properties]) => {
      const service = this.concrete.text(properties.ServiceName).split('.').at(-1) ?? '';
      const subnets = properties.SubnetIds as unknown[];
      const groups = (properties.SecurityGroupIds as unknown[]).map((one) => this.name(this.groupId(one)));
      const name = properties.PrivateDnsEnabled === true ? 'by its own name' : 'by another name';
      return `${service} in ${subnets.length} ${this.subnetKinds(subnets).join()} behind ${groups.join()} ${name}`;
    });
  }

  /** Kinds of subnet that a list of references names. */
  subnetKinds(references: unknown): string[] {
    const ids = this.concrete.value(references) as string[];
    return [...new Set(ids.map((id) => this.subnetKind(id)))];
  }

  private endpoints(type: 'Gateway' | 'Interface'): [string, Fields][] {
    return this.of('AWS::EC2::VPCEndpoint').filter(([, { VpcEndpointType }]) => VpcEndpointType === type);
  }

  private rules(direction: 'Ingress' | 'Egress'): Rule[] {
    const inline = this.of('AWS::EC2::SecurityGroup').flatMap(([id, properties]) =>
      ((properties[`SecurityGroup${direction}`] ?? []) as Fields[]).map((rule) => this.rule(id, rule)),
    );
    const alone = this.of(`AWS::EC2::SecurityGroup${direction}`).map(([, rule]) =>
      this.rule(this.groupId(rule.GroupId), rule),
    );
    return [...inline, ...alone];
  }

  private rule(group: string, rule: Fields): Rule {
    const peer = rule.SourceSecurityGroupId ?? rule.DestinationSecurityGroupId;
    const range = rule.CidrIp ?? rule.CidrIpv6 ?? rule.DestinationPrefixListId;
    if (peer === undefined && typeof range !== 'string')
      throw new Error(`A rule that is not understood: ${JSON.stringify(rule)}`);
    return {
      group,
      peer: peer === undefined ? String(range) : this.groupId(peer),
      protocol: String(rule.IpProtocol),
      from: Number(rule.FromPort ?? 0),
      to: Number(rule.ToPort ?? 65_535),
    };
  }

  /** Logical id of the group that a reference means; the id itself when it stands in the template. */
  private groupId(reference: unknown): string {
    const id = this.concrete.text(reference);
    if (reference === id) return id;
    const found = this.groups.find((group) => this.concrete.ref(group) === id);
    if (found === undefined) throw new Error(`${id} is no group of the template`);
    return found;
  }

  private subnetKind(subnetId: string): string {
    const found =
      this.concrete.ids('AWS::EC2::Subnet').find((id) => this.concrete.ref(id) === subnetId) ?? '';
    return found === '' ? subnetId : (/(box|database)Subnet/.exec(found)?.[1] ?? found);
  }

  private name(group: string): string {
    return group.replace(/(Blueprint)?SecurityGroup[0-9A-F]{8}$/, '');
  }

  private of(type: string): [string, Fields][] {
    return this.concrete.ids(type).map((id) => [id, this.template.Resources[id]?.Properties ?? {}]);
  }
}

const portsOf = ({ protocol, from, to }: Rule): string =>
  `${protocol} ${from === to ? String(from) : `${from}-${to}`}`;
