import { ipizzaChannel } from '../ipizza/family.ts'
import { coopEeProfile } from '../ipizza/profiles.ts'

export const coopEeChannel = ipizzaChannel(coopEeProfile)
