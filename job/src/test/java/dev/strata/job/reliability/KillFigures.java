package dev.strata.job.reliability;

/**
 * What became of a run with kills.
 *
 * @param seed which it was
 * @param seconds from the first start to the end of the last
 * @param executors how many were killed by themselves
 * @param drivers how many drivers were killed, each with its executors
 * @param excepted rows that are not the undisturbed run's, after a token of low margin
 * @param tokens how many were generated in all
 * @param twice how many of them for a second time
 * @param longestSeconds how long before the end of its process the oldest token was generated that
 *     had to be generated again
 * @param unexplained processes whose tokens were generated again though nobody killed them
 */
record KillFigures(
    int seed,
    double seconds,
    int executors,
    int drivers,
    int excepted,
    int tokens,
    int twice,
    double longestSeconds,
    int unexplained) {

  /** How many kills hit something. */
  int kills() {
    return executors + drivers;
  }
}
