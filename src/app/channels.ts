import { channels, type ListedChannel } from '../channels/index.ts'
import type { Config } from './config.ts'

/** Simulated banks exist in test mode only. */
export const channelsFor = (config: Pick<Config, 'mode'>): readonly ListedChannel[] =>
  config.mode === 'test' ? channels : channels.filter(({ channel }) => channel.id !== 'sandbox')
