/**
 * Which addresses a step may reach: public ones, and private ones somebody consented to. Checked on the address that is
 * connected to, after the name was looked up, so that no name can stand for an address it may not.
 */
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type IsAllowedHost = (host: string, port: number) => boolean;

export class AddressBlocked extends Error {
  constructor(host: string, address: string) {
    super(host === address ? `${host} is a private address` : `${host} leads to the private address ${address}`);
    this.name = 'AddressBlocked';
  }
}

/** True only for addresses of the public internet; private, loopback, link-local and special ones are not. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // Turns an IPv4 address that hides in an IPv6 one back into what it is.
  return ipaddr.process(address).range() === 'unicast';
}

/** Throws for an address that is written out; names are checked when they are looked up. */
export function checkLiteral(hostname: string, port: number, isAllowed: IsAllowedHost): void {
  const address = bare(hostname);
  if (isIP(address) !== 0 && !isPublicAddress(address) && !isAllowed(address, port)) {
    throw new AddressBlocked(address, address);
  }
}

export function bare(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** A lookup for `net.connect` that hands out nothing when any address of the name is blocked. */
export function guardedLookup(port: number, isAllowed: IsAllowedHost) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (!isAllowed(hostname, port)) {
        const blocked = addresses.find((entry) => !isPublicAddress(entry.address) && !isAllowed(entry.address, port));
        if (blocked) return callback(new AddressBlocked(hostname, blocked.address), []);
      }
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      if (!first) return callback(Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' }), []);
      return callback(null, first.address, first.family);
    });
  };
}
