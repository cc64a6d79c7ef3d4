// node:os: what packages ask for when they are loaded.
module.exports = {
  EOL: '\n',
  platform: () => 'isere',
  type: () => 'isere',
  release: () => '',
  arch: () => '',
  hostname: () => 'isere',
  homedir: () => '/',
  tmpdir: () => '/tmp',
  cpus: () => [],
  availableParallelism: () => 1,
  networkInterfaces: () => ({}),
  endianness: () => 'LE',
  constants: { signals: {}, errno: {} },
}
