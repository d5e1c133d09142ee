package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.GlobFilter;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files of an input, in one form: what Spark would leave out or misread among them is refused
 * by name.
 */
final class InputFiles {

  /** Reader options by which a user says which files are meant. */
  private static final String GLOB_FILTER = "pathGlobFilter";

  private static final String RECURSIVE = "recursiveFileLookup";

  private static final Pattern SUFFIX =
      Pattern.compile("(\\.[A-Za-z]\\w*)(\\.(?:gz|bz2|zst|snappy|lz4|deflate))?$");

  private final DataFiles place;
  private final List<Path> roots;
  private final List<Path> files;
  private final Map<String, String> options;

  private InputFiles(
      DataFiles place, List<Path> roots, List<Path> files, Map<String, String> options) {
    this.place = place;
    this.roots = roots;
    this.files = files;
    this.options = options;
  }

  /**
   * Lists them.
   *
   * @param options the reader's, given by the user
   * @throws StrataException if there are none
   */
  static InputFiles list(DataFiles place, Map<String, String> options) throws IOException {
    Map<String, String> asked = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    asked.putAll(options);
    PathFilter filter = new GlobFilter(asked.getOrDefault(GLOB_FILTER, "*"));
    List<Path> roots = place.roots();
    List<Path> files = new ArrayList<>();
    for (Path root : roots) {
      RemoteIterator<LocatedFileStatus> all = place.files().listFiles(root, true);
      while (all.hasNext()) {
        Path file = all.next().getPath();
        if (!isHidden(file, root) && filter.accept(file)) {
          files.add(file);
        }
      }
    }
    files.sort(null);
    return new InputFiles(place, roots, files, asked);
  }

  private static boolean isHidden(Path file, Path root) {
    for (Path p = file; p != null && !p.equals(root); p = p.getParent()) {
      if (DataFiles.isHidden(p.getName())) {
        return true;
      }
    }
    return false;
  }

  List<Path> roots() {
    return roots;
  }

  List<Path> files() {
    return files;
  }

  /** The directory whose subdirectories say columns' values; empty where there are several. */
  Optional<Path> base() {
    return roots.size() == 1 && !files.contains(roots.get(0))
        ? Optional.of(roots.get(0))
        : Optional.empty();
  }

  /**
   * The form of all files.
   *
   * @param word a word of configurations; {@code auto} to go by the files' names
   * @throws StrataException if their names tell several forms or none, or some would be left out
   */
  DataFormat format(String word) {
    Map<DataFormat, Path> forms = new LinkedHashMap<>();
    List<Path> strangers = new ArrayList<>();
    for (Path file : files) {
      DataFormat.ofName(file.getName())
          .ifPresentOrElse(form -> forms.putIfAbsent(form, file), () -> strangers.add(file));
    }
    DataFormat format =
        DataFormat.named(word)
            .or(() -> forms.keySet().stream().findFirst())
            .or(() -> DataFormat.ofName(place.location().getName()))
            .orElseThrow(this::unknown);
    if (!options.containsKey(GLOB_FILTER) && forms.containsKey(format)) {
      requireAlone(format, forms, strangers);
    }
    if (!"true".equalsIgnoreCase(options.get(RECURSIVE))) {
      requireReached();
    }
    return format;
  }

  private StrataException unknown() {
    return StrataException.data(
        "the names of the files in %s do not tell their form; set --input-format to parquet, orc,"
            + " json, csv, text, table or openai-batch",
        place.location());
  }

  private void requireAlone(DataFormat format, Map<DataFormat, Path> forms, List<Path> strangers) {
    Path own = forms.get(format);
    for (Map.Entry<DataFormat, Path> other : forms.entrySet()) {
      if (other.getKey() != format) {
        throw StrataException.data(
            "the input %s holds %s and %s, which are %s and %s; set --input-options"
                + " %s=%s to read the ones, or give the others a place of their own",
            place.location(),
            own.getName(),
            other.getValue().getName(),
            format.word(),
            other.getKey().word(),
            GLOB_FILTER,
            pattern(own));
      }
    }
    if (!strangers.isEmpty()) {
      throw StrataException.data(
          "the input %s holds %s, whose name is not that of a %s file; take it away, or set"
              + " --input-options %s=%s",
          place.location(), strangers.get(0).getName(), format.word(), GLOB_FILTER, pattern(own));
    }
  }

  /** What the names of files like this one match. */
  private static String pattern(Path file) {
    Matcher suffix = SUFFIX.matcher(file.getName());
    return suffix.find() ? "*" + suffix.group(1) + (suffix.group(2) == null ? "" : "*") : "*";
  }

  /** Spark reads subdirectories only where their names say a column's value. */
  private void requireReached() {
    for (Path root : roots) {
      for (Path file : files) {
        for (Path p = file.getParent(); isBelow(p, root); p = p.getParent()) {
          if (!p.getName().contains("=")) {
            throw StrataException.data(
                "the input %s holds %s in the subdirectory %s, which would not be read; set"
                    + " --input-options %s=true, or name the subdirectory",
                place.location(), file.getName(), p.getName(), RECURSIVE);
          }
        }
      }
    }
  }

  private static boolean isBelow(Path path, Path root) {
    for (Path p = path == null ? null : path.getParent(); p != null; p = p.getParent()) {
      if (p.equals(root)) {
        return true;
      }
    }
    return false;
  }
}
