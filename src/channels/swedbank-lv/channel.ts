import { ipizzaChannel } from '../ipizza/family.ts'
import { swedbankLvProfile } from '../ipizza/profiles.ts'

/** Swedbank Latvia's BankLink. Each figure with its source: README.md beside this file. */
export const swedbankLvChannel = ipizzaChannel(swedbankLvProfile)
