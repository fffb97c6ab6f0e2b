package io.quarry.scheduler.streams;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/** Bounds what all stores of the process take together: the defaults are 50 MB of cache and 48 MB of buffers for each. */
public final class SmallRocks implements RocksDBConfigSetter {
    private static final long CACHE_BYTES = 32L << 20;
    private static final long BUFFER_BYTES = 4L << 20;

    /** Made at the first store, once the native library is loaded. */
    private static final class Shared {
        static final Cache CACHE = new LRUCache(CACHE_BYTES);
    }

    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(Shared.CACHE);
        table.setCacheIndexAndFilterBlocks(true);
        options.setTableFormatConfig(table);
        options.setWriteBufferSize(BUFFER_BYTES);
        options.setMaxWriteBufferNumber(2);
    }

    @Override
    public void close(String storeName, Options options) {
        // The cache is shared by all stores and lives as long as the process.
    }
}
