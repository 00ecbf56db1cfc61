import { ipizzaChannel } from '../ipizza/family.ts'
import { luminorEeProfile } from '../ipizza/profiles.ts'

export const luminorEeChannel = ipizzaChannel(luminorEeProfile)
