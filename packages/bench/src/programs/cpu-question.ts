/** A message of the starter to which every program answers with the CPU time that it has used, in microseconds. */
export const CPU_QUESTION = "cpu";
