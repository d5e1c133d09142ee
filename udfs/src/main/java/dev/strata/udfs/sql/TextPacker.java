package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineSession;
import dev.strata.udfs.text.TextPieces;
import java.nio.charset.StandardCharsets;

/**
 * Packs the texts of a call's groups, one group after another, into as few prompts as hold them:
 * each is written to a spool as soon as it is full. Texts that are longer than a prompt are cut.
 */
final class TextPacker {

  /** One of several of its group. */
  static final byte PART = 0;

  /** The only one of its group. */
  static final byte ALL = 1;

  private static final String SEPARATOR = "\n\n";

  /** What a separator takes, and what tokens of two texts side by side may be more than apart. */
  static final int SEPARATOR_TOKENS = 3;

  private final EngineSession session;
  private final int call;
  private final int mostTokens;
  private final RowSpool spool;
  private final StringBuilder open = new StringBuilder();
  private int openTokens;
  private long group;
  private int written;

  TextPacker(EngineSession session, int call, int mostTokens, RowSpool spool) {
    this.session = session;
    this.call = call;
    this.mostTokens = mostTokens;
    this.spool = spool;
  }

  /** Begins the next group, after {@link #end}. */
  void begin(long next) {
    group = next;
  }

  /** Takes a text of the group; a blank one says nothing. */
  void add(String text) {
    if (text.isBlank()) {
      return;
    }
    for (TextPieces.Piece piece : session.pieces(text, mostTokens - SEPARATOR_TOKENS)) {
      int tokens = piece.tokens() + SEPARATOR_TOKENS;
      if (openTokens > 0 && openTokens + tokens > mostTokens) {
        write(PART);
      }
      open.append(openTokens > 0 ? SEPARATOR : "").append(piece.text());
      openTokens += tokens;
    }
  }

  private void write(byte kind) {
    spool.add(
        new RowSpool.Entry(call, group, kind, open.toString().getBytes(StandardCharsets.UTF_8)));
    open.setLength(0);
    openTokens = 0;
    written++;
  }

  /** Ends the group, and returns whether it has any text. */
  boolean end() {
    if (openTokens > 0) {
      write(written == 0 ? ALL : PART);
    }
    boolean hasText = written > 0;
    written = 0;
    return hasText;
  }

  /** Gives up what of the group is not written yet. */
  void drop() {
    open.setLength(0);
    openTokens = 0;
    written = 0;
  }
}
