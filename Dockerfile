# One image for web, worker, beat and migrations; docker-compose.yml says which is which.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=kamcomp.settings
WORKDIR /srv/kamcomp

COPY requirements.txt requirements.lock ./
RUN pip install --no-cache-dir --requirement requirements.txt --constraint requirements.lock \
 && useradd --system --no-create-home kamcomp \
 && install --directory --owner kamcomp --mode 0700 /srv/exports

COPY . .
RUN python -m kamcomp.pages.making
USER kamcomp
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--no-control-socket", "kamcomp.wsgi"]
