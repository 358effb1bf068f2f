// The part of the WebAssembly namespace used here: @types/node does not declare it, and lib "dom" would bring a browser along.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface Instance {
    readonly exports: Record<string, unknown>
  }
  const Instance: new (module: Module, imports?: Record<string, unknown>) => Instance
}
