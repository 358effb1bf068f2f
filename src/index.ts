// The public API.

export type {
  ColumnData,
  ColumnOffsets,
  ColumnValidity,
  ListColumn,
  MaskedColumn,
  TextColumn,
  TypedArray,
} from './column/column-data.ts'
export type { BlockReport, BlockState, SealedBlock } from './engine/block.ts'
export type {
  BlockMessage,
  DrainMessage,
  Failure,
  InsertMessage,
  RetryMessage,
  SettledMessage,
  SettledState,
  WaitMessage,
} from './engine/channels.ts'
export { DeliveryError } from './engine/delivery-error.ts'
export type { RetryOptions } from './engine/retry.ts'
export {
  EncodeError,
  EngineError,
  ERROR_CODES,
  type ErrorCode,
  SchemaError,
  ServerError,
  SluiceError,
  StorageError,
  TransportError,
  UsageError,
} from './errors.ts'
export type { Answer, CheckOptions, CheckReport, DeliveryReport, Outage, Promised } from './statement/check.ts'
export { type CloseOnSignalOptions, closeOnSignal } from './statement/close-on-signal.ts'
export { type ConnectOptions, connect } from './statement/connect.ts'
export type { CloseSummary, Connection } from './statement/connection.ts'
export type { DeliverOptions, DeliverySummary } from './statement/deliver.ts'
export type { StatementOptions } from './statement/options.ts'
export { prometheus } from './statement/prometheus.ts'
export type { RejectEvent, RejectedRow } from './statement/rejected.ts'
export type { RetryEvent, Statement, StatementEvents, ThrottleEvent } from './statement/statement.ts'
export type { CommitSummary, LeftBlock, Pace, RollbackSummary, StatementStats } from './statement/stats.ts'
export type { Transaction } from './statement/transaction.ts'
export type { Logger, ServerInfo, Settings, SettingValue } from './transport/transport.ts'
export type { Column, Row } from './types/node.ts'
export { type TypedValue, typed } from './types/typed.ts'
