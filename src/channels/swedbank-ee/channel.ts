import { ipizzaChannel } from '../ipizza/family.ts'
import { swedbankEeProfile } from '../ipizza/profiles.ts'

export const swedbankEeChannel = ipizzaChannel(swedbankEeProfile)
