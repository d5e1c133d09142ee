package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.AnsweredRows;
import dev.strata.udfs.spark.AskedRow;
import dev.strata.udfs.spark.AskedRows;
import dev.strata.udfs.spark.EngineSession;
import dev.strata.udfs.spark.EngineTotals;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.RowCounts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The texts of all groups of a partition, level by level: prompts of the first hold texts, those of
 * each further one the notes that the level before it made, until one holds all of its group. The
 * prompts of a level are asked together, those of all groups and calls, and lie in a {@link
 * RowSpool} until then, as results do.
 */
final class TextLevels implements AutoCloseable {

  /** A result that is a text. */
  static final byte TEXT = 0;

  /** A result that is an error. */
  static final byte ERROR = 1;

  /** Notes halve at each level at least; more levels than this no partition has. */
  private static final int MOST_LEVELS = 40;

  private static final int FEWEST_TOKENS = 32;
  private static final int SPARE_TOKENS = 8;

  private final EngineSession session;
  private final List<AggregatePrompts> calls;
  private final AskMetrics metrics;
  private final int mostTokens;
  private final List<List<RowSpool>> results = new ArrayList<>(); // by call, then by level
  private RowSpool prompts = new RowSpool();
  private List<TextPacker> packers;

  /**
   * @param textTokens the most tokens of texts in a prompt
   * @throws StrataException if the model's context has no room for them
   */
  TextLevels(
      EngineSession session, List<AggregatePrompts> calls, int textTokens, AskMetrics metrics) {
    this.session = session;
    this.calls = calls;
    this.metrics = metrics;
    this.mostTokens = Math.min(textTokens, room(session, calls));
    calls.forEach(call -> results.add(new ArrayList<>()));
    this.packers = packers(prompts);
  }

  private static int room(EngineSession session, List<AggregatePrompts> calls) {
    int longest =
        calls.stream()
            .flatMap(call -> call.shortest().stream())
            .mapToInt(session::promptTokens)
            .max()
            .orElseThrow();
    int room = session.contextLength() - session.maxNewTokens() - longest - SPARE_TOKENS;
    if (room < FEWEST_TOKENS) {
      throw StrataException.usage(
          "ai_agg: of the model's context of %d tokens %d are left for texts, beside %d of the"
              + " instruction and its prompt and %d new ones; shorten it, or lower"
              + " spark.strata.maxNewTokens",
          session.contextLength(), Math.max(0, room), longest, session.maxNewTokens());
    }
    return room;
  }

  private List<TextPacker> packers(RowSpool into) {
    List<TextPacker> made = new ArrayList<>();
    for (int call = 0; call < calls.size(); call++) {
      made.add(new TextPacker(session, call, mostTokens, into));
    }
    return made;
  }

  /** Begins a group; the one before it is over. */
  void begin(long group) {
    packers.forEach(packer -> packer.begin(group));
  }

  /** Takes a text of the group. */
  void add(int call, String text) {
    packers.get(call).add(text);
  }

  /** Ends the group. */
  void end() {
    packers.forEach(TextPacker::end);
  }

  /** Asks all levels. */
  void ask() {
    for (int level = 1; !prompts.isEmpty(); level++) {
      RowSpool next = new RowSpool();
      try (RowSpool asked = prompts) {
        prompts = next;
        packers = packers(next);
        ask(asked, level);
      }
    }
  }

  private void ask(RowSpool asked, int level) {
    List<Group> groups = new ArrayList<>();
    for (int call = 0; call < calls.size(); call++) {
      RowSpool made = new RowSpool();
      results.get(call).add(made);
      groups.add(new Group(call, packers.get(call), made, level));
    }
    Iterator<Note> notes =
        session.run(
            new AskedRows<>(asked.read(), entry -> row(entry, level > 1)), new Notes(), true);
    while (notes.hasNext()) {
      Note note = notes.next();
      groups.get(note.call()).add(note);
    }
    groups.forEach(Group::end);
  }

  private AskedRow row(RowSpool.Entry entry, boolean areNotes) {
    AggregatePrompts call = calls.get(entry.call());
    String content = new String(entry.bytes(), StandardCharsets.UTF_8);
    Question question =
        entry.kind() == TextPacker.ALL
            ? call.last(content, areNotes)
            : call.part(content, noteTokens());
    byte[] kept =
        ByteBuffer.allocate(Integer.BYTES + Long.BYTES + 1)
            .putInt(entry.call())
            .putLong(entry.group())
            .put(entry.kind())
            .array();
    return new AskedRow(kept, List.of(question));
  }

  /** So few that notes on two parts fit one prompt. */
  private int noteTokens() {
    int half = mostTokens / 2 - TextPacker.SEPARATOR_TOKENS;
    return Math.max(1, Math.min(session.maxNewTokens(), half));
  }

  /** An answer and what it is about. */
  private record Note(int call, long group, byte kind, Answer answer) {}

  private final class Notes implements AnsweredRows<Note> {

    @Override
    public Note row(byte[] kept, List<Answer> answers) {
      ByteBuffer fields = ByteBuffer.wrap(kept);
      return new Note(fields.getInt(), fields.getLong(), fields.get(), answers.get(0));
    }

    @Override
    public void worked(EngineTotals work) {
      metrics.add(work);
    }

    @Override
    public void closed(RowCounts counts, long asked) {
      metrics.add(counts, asked);
    }
  }

  /** The group whose answers are coming in, of a call. */
  private static final class Group {

    private static final long NONE = -1;

    private final int call;
    private final TextPacker packer;
    private final RowSpool made;
    private final int level;
    private long group = NONE;
    private String error;

    Group(int call, TextPacker packer, RowSpool made, int level) {
      this.call = call;
      this.packer = packer;
      this.made = made;
      this.level = level;
    }

    void add(Note note) {
      String failure = note.answer().completion().error();
      if (note.kind() == TextPacker.ALL) {
        end();
        result(note.group(), failure == null ? note.answer().completion().text() : null, failure);
        return;
      }
      if (note.group() != group) {
        end();
        group = note.group();
        packer.begin(group);
      }
      error = error == null ? failure : error;
      if (error == null) {
        packer.add(note.answer().completion().text());
      }
    }

    private void result(long of, String text, String failure) {
      byte[] bytes = (failure == null ? text : failure).getBytes(StandardCharsets.UTF_8);
      made.add(new RowSpool.Entry(call, of, failure == null ? TEXT : ERROR, bytes));
    }

    void end() {
      if (group == NONE) {
        return;
      }
      if (error == null && level >= MOST_LEVELS) {
        error = "the notes on its texts do not get shorter";
      }
      if (error != null) {
        packer.drop();
        result(group, null, error);
      } else if (!packer.end()) {
        result(group, "", null);
      }
      group = NONE;
      error = null;
    }
  }

  /** The results of a call, in the order of groups, in which each is asked for once. */
  GroupResults results(int call) {
    return new GroupResults(results.get(call).stream().map(RowSpool::read).toList());
  }

  @Override
  public void close() {
    prompts.close();
    results.forEach(levels -> levels.forEach(RowSpool::close));
  }
}
