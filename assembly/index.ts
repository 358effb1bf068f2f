// Every export of the core, and nothing else: the contract with src/wasm.
export { reserve, arenaTop, releaseTo } from './memory';
export { textBound, writeAsciiText, writeUtf8Text } from './column/string';
export { dictionaryTableWords, buildDictionary, narrowIndexes } from './column/low-cardinality';
