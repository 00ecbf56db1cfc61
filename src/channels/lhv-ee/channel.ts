import { ipizzaChannel } from '../ipizza/family.ts'
import { lhvEeProfile } from '../ipizza/profiles.ts'

export const lhvEeChannel = ipizzaChannel(lhvEeProfile)
