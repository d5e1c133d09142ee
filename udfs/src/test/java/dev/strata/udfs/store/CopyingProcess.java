package dev.strata.udfs.store;

import dev.strata.udfs.concurrent.Activity;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** A process that copies a model slowly. Arguments: model, cache, milliseconds for 64 KiB. */
public final class CopyingProcess {

  private CopyingProcess() {}

  public static void main(String[] args) throws Exception {
    Configuration conf = RemoteFileSystem.configuration();
    conf.set(RemoteFileSystem.READ_MILLIS, args[2]);
    try (HadoopModelFiles remote = HadoopModelFiles.at(args[0], conf);
        ModelFiles copy = new ModelCache(Path.of(args[1]), 0).copyOf(remote, new Activity())) {
      System.out.println(copy.location() + " " + RemoteFileSystem.BYTES_READ);
      System.in.read(); // holds the copy until the other end is closed
    }
  }

  static Process start(Path model, Path cache, int millis) throws Exception {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                CopyingProcess.class.getName(),
                RemoteFileSystem.uri(model),
                cache.toString(),
                Integer.toString(millis)))
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
