# The emulator in a container: docker build -t meta-emulator . && docker run --rm -p 127.0.0.1:8765:8765 -p 127.0.0.1:8766:8766 meta-emulator
# Publish on 127.0.0.1 as above: whoever reaches the ports gets its fake credentials and may change its world.
FROM python:3.13-slim
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY requirements/emulator.txt requirements/emulator.txt
COPY components components
COPY meta_access meta_access
COPY meta_emulator meta_emulator
COPY schema schema
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements/emulator.txt \
    && pip install --no-cache-dir --no-deps --no-build-isolation . && rm -rf /src \
    && useradd --create-home --uid 10001 emulator && install -d -o emulator -g emulator -m 0700 /state
USER emulator
WORKDIR /home/emulator
VOLUME /state
EXPOSE 8765 8766
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/healthz', timeout=2)"]
# A container's own loopback cannot be published, hence the word; what is reachable is decided by -p.
ENTRYPOINT ["python", "-m", "meta_emulator", "--home", "/state", "--host", "0.0.0.0", "--expose"]
