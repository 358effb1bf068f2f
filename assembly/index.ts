// Every export of the core, and nothing else: the contract with src/wasm.
export { reserve, arenaTop, releaseTo } from './memory';
export { textBound, writeLatin1Text, writeUtf8Text } from './column/string';
export { dictionaryTableWords, buildDictionary, narrowIndexes } from './column/low-cardinality';
export { cityHash128 } from './checksum/city128';
export { hashPieces, hashBegin, hashAdd, hashEnd } from './checksum/hash64';
export { framePieces, frameScratchBytes, framesBound, unframe } from './compress/frame';
export { lz4Compress, lz4Decompress } from './compress/lz4';
