import type { ChoosableModel } from "./choose.ts";
import type { HubFile } from "./hub.ts";
import type { ModelWish } from "./names.ts";

/** What a name meant when the Hub was asked. A download takes these files, so what the user agreed to is what runs. */
export interface PullPlan {
  readonly wish: ModelWish;
  readonly model: ChoosableModel<HubFile>;
}
