package dev.strata.udfs.journal;

/**
 * What speaks against a row: processes that died while it was in them.
 *
 * @param deaths how many
 * @param company the fewest rows that were in one of them, itself included
 * @param code the exit code of the process with the fewest
 */
public record Suspicion(int deaths, int company, int code) {

  /** No process died while the row was in it. */
  public static final Suspicion NONE = new Suspicion(0, Integer.MAX_VALUE, DeathNote.UNKNOWN);

  /** One death may be anybody's fault. */
  private static final int DEATHS_OF_SUSPECTS = 2;

  private static final int DEATHS_OF_CULPRITS = 3;

  /** Whether the row is to be kept away from rows that nothing speaks against. */
  public boolean isSuspect() {
    return deaths >= DEATHS_OF_SUSPECTS;
  }

  /** Whether it was the row: it was alone. */
  public boolean isProven() {
    return deaths >= DEATHS_OF_CULPRITS && company == 1;
  }

  /**
   * How many suspects may be together. As each death halves them, a row is found among n by as many
   * deaths as 2 has to be doubled for n, and all others end in company.
   */
  public int mostTogether() {
    return Math.max(1, company / 2);
  }

  Suspicion plus(int rows, int exitCode) {
    return rows < company
        ? new Suspicion(deaths + 1, rows, exitCode)
        : new Suspicion(deaths + 1, company, code);
  }
}
