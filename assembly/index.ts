// Every export of the core, and nothing else: the contract with src/wasm.
export { reserve, arenaTop, releaseTo } from './memory';
