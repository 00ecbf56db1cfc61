import { ipizzaChannel } from '../ipizza/family.ts'
import { sebEeProfile } from '../ipizza/profiles.ts'

export const sebEeChannel = ipizzaChannel(sebEeProfile)
