package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.RunJournal;
import java.io.Serializable;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * Where a node keeps what it has produced. Plans that differ in this alone are equal, as their rows
 * are.
 */
final class AskJournal implements Serializable {

  /** Keeps nothing. */
  static final AskJournal NONE = new AskJournal(null, null);

  private static final long serialVersionUID = 1L;

  private final RunJournal run; // null for none
  private final transient QueryJournal query;

  private AskJournal(RunJournal run, QueryJournal query) {
    this.run = run;
    this.query = query;
  }

  /**
   * That of a node that is being planned.
   *
   * @throws dev.strata.udfs.api.StrataException if the keys do not say where, or what is there is
   *     of another model or other options
   */
  static AskJournal of(SparkSession session, AskPlan plan, AskOptions options) {
    StrataConf conf = AskOptions.session();
    Optional<QueryJournal> query =
        plan.asksEngine() ? QueryJournals.current(session, conf) : Optional.empty();
    return query
        .map(open -> new AskJournal(open.of(plan, options.generation()), open))
        .orElse(NONE);
  }

  boolean isKept() {
    return run != null;
  }

  /** Null for none. */
  RunJournal run() {
    return run;
  }

  /** Takes note of the figures of the node. */
  void counting(EngineStats figures) {
    if (query != null) {
      query.counting(figures);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AskJournal;
  }

  @Override
  public int hashCode() {
    return 1;
  }
}
