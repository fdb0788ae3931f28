// The task queues: who serves what. Nothing else names one. Pure: workflow code may import it.

/** Where runs are taken from, unless PAWL_TASK_QUEUE says another. */
export const QUEUE_DEFAULT = "pawl";
