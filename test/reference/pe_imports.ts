/**
 * Names of the libraries that a Windows program (PE32+) imports, lower case, delay-loaded ones left out.
 * Layout: Microsoft's "PE Format": the import directory is the second data directory, an array of 20-byte entries.
 */
export function peImports(bytes: Buffer): string[] {
  const header = bytes.readUInt32LE(0x3c);
  if (bytes.toString("latin1", header, header + 4) !== "PE\0\0") throw new Error("not a PE file");
  const sections = bytes.readUInt16LE(header + 6);
  const optional = header + 24;
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error("not a PE32+ file");
  const table = optional + bytes.readUInt16LE(header + 20);
  const fileOffset = (address: number): number => {
    for (let at = table; at < table + 40 * sections; at += 40) {
      const start = bytes.readUInt32LE(at + 12);
      if (address >= start && address < start + bytes.readUInt32LE(at + 16))
        return address - start + bytes.readUInt32LE(at + 20);
    }
    throw new Error(`address ${address} is in no section`);
  };
  const names: string[] = [];
  for (let at = fileOffset(bytes.readUInt32LE(optional + 120)); ; at += 20) {
    const name = bytes.readUInt32LE(at + 12);
    if (name === 0) return names;
    const start = fileOffset(name);
    names.push(bytes.toString("latin1", start, bytes.indexOf(0, start)).toLowerCase());
  }
}
