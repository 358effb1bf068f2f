// Every export of the core, and nothing else: the contract with src/wasm.
export { reserve, arenaTop, releaseTo } from './memory';
export { textBound, writeLatin1Text, writeMixedText, writeUtf8Text, writeTexts } from './column/string';
export { parseUuids } from './column/uuid';
export { parseIPv4s, parseIPv6s } from './column/ip';
export { parseDates, parseDate32s, parseDateTimes, parseDateTime64s } from './column/date';
export { parseDecimals } from './column/decimal';
export { parseIntegers } from './column/integer';
export { padStrings } from './column/fixed-string';
export { ascends, zeroNulls, findOutside32, findOutside64 } from './column/column';
export { flushStrips } from './column/strips';
export { dictionaryTableWords, buildDictionary, narrowIndexes } from './column/low-cardinality';
export { cityHash128 } from './checksum/city128';
export { hashBegin, hashAdd, hashEnd } from './checksum/hash64';
export { frameBytes, frameScratchBytes, framesBound, unframe } from './compress/frame';
export { lz4Compress, lz4Decompress } from './compress/lz4';
