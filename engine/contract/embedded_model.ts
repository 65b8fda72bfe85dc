/** The name of the model that comes with Foretype, wherever a path of a model file may be given. */
export const EMBEDDED_MODEL = "mini";
