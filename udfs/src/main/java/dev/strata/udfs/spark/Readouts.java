package dev.strata.udfs.spark;

import dev.strata.udfs.api.Pooling;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.Locale;

/** What the commands read that have one of their own, as a configuration's keys make it. */
public final class Readouts {

  private Readouts() {}

  /**
   * How likely a text is, or one that follows a prompt where keys say what that is.
   *
   * @throws StrataException if the windows for long texts would leave tokens out
   */
  public static Readout score(StrataConf conf) {
    String column = Prompts.isGiven(conf) ? conf.get(StrataKeys.TEXT_COLUMN) : null;
    return new Readout.Score(column, windows(conf), conf.get(StrataKeys.SCORE_TOKENS));
  }

  private static Readout.Windows windows(StrataConf conf) {
    int tokens = conf.get(StrataKeys.SCORE_WINDOW);
    int stride = conf.get(StrataKeys.SCORE_STRIDE);
    return tokens == 0 && stride == 0 ? null : new Readout.Windows(tokens, stride);
  }

  /** A text's vector. */
  public static Readout embed(StrataConf conf) {
    String pooling = conf.get(StrataKeys.EMBED_POOLING).toUpperCase(Locale.ROOT);
    return new Readout.Embed(Pooling.valueOf(pooling), conf.get(StrataKeys.EMBED_NORMALIZE));
  }
}
