import { ipizzaChannel } from '../ipizza/family.ts'
import { sebLtProfile } from '../ipizza/profiles.ts'

export const sebLtChannel = ipizzaChannel(sebLtProfile)
