// What assembly/index.ts exports, as TypeScript sees it. Addresses and lengths are unsigned 32-bit; a call may return them
// as negative numbers, so `>>> 0` stands wherever one is read.
export interface CoreExports {
  readonly memory: WebAssembly.Memory
  reserve(byteLength: number): number
  arenaTop(): number
  releaseTo(mark: number): void
}
