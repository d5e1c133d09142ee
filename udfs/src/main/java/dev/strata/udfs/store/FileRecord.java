package dev.strata.udfs.store;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What files were like when all of their bytes had been read, and the checksums of these bytes,
 * which safetensors files have none of.
 *
 * @param files in any order
 */
record FileRecord(List<Entry> files) {

  /** Nothing was read yet. */
  static final FileRecord NONE = new FileRecord(List.of());

  /** The record's own file in a copy of a model. */
  static final String FILE = ".strata-files.json";

  private static final Gson GSON = new Gson();

  /**
   * A file.
   *
   * @param crc32c of all its bytes
   */
  record Entry(String name, FileState state, int crc32c) {}

  FileRecord {
    files = Stream.ofNullable(files).flatMap(List::stream).filter(FileRecord::isWhole).toList();
  }

  /** A file that somebody wrote may leave out anything. */
  private static boolean isWhole(Entry entry) {
    return entry != null
        && entry.name() != null
        && entry.state() != null
        && entry.state().identity() != null;
  }

  /** Reads a record, which is {@link #NONE} where there is none that can be read. */
  static FileRecord read(Path file) throws IOException {
    try {
      FileRecord record = GSON.fromJson(Files.readString(file), FileRecord.class);
      return record == null ? NONE : record;
    } catch (NoSuchFileException | JsonParseException e) {
      return NONE;
    }
  }

  /** Writes it whole or not at all. */
  void write(Path file) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(part, GSON.toJson(this));
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  Optional<Entry> find(String name) {
    return files.stream().filter(entry -> entry.name().equals(name)).findFirst();
  }

  /** What is known of a file, if it still is as it was. */
  Optional<Entry> unchanged(String name, Path file) throws IOException {
    Optional<FileState> now = LocalModelFiles.state(file);
    return find(name).filter(entry -> now.equals(Optional.of(entry.state())));
  }

  /** Whether files of a directory are all as they were. */
  boolean isOf(Path directory, List<String> names) throws IOException {
    for (String name : names) {
      if (unchanged(name, directory.resolve(name)).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
